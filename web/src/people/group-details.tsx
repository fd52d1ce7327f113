// The details of a group: its title and members, and the forms to change them.
import { LogOut, UserRoundMinus } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { execute } from '../api/execute';
import { useFeed, useSession } from '../app/session';
import type { Conversation, Member } from '../feed';
import { AddMembersDocument, RemoveMemberDocument, RenameGroupDocument, SetMemberRoleDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ConfirmDialog } from '../ui/confirm-dialog';
import { Dialog } from '../ui/dialog';
import { useAttempt } from '../ui/toasts';
import { type PersonChoice, PersonPicker } from './person-picker';

const words = texts.group;

interface GroupDetailsDialogProps {
  conversation: Conversation;
  open: boolean;
  onClose(): void;
}

export function GroupDetailsDialog({ conversation, open, onClose }: GroupDetailsDialogProps) {
  return (
    <Dialog title={conversation.title ?? ''} open={open} onClose={onClose}>
      <GroupDetails conversation={conversation} onClose={onClose} />
    </Dialog>
  );
}

function GroupDetails({ conversation: { id, title, memberCount, viewerCan }, onClose }: { conversation: Conversation; onClose(): void }) {
  const { feed, peopleSearchMode } = useSession();
  const { members, complete } = useFeed((feed) => feed.members.of(id));
  const me = useFeed((feed) => feed.me.id);
  const attempt = useAttempt();
  const [isAdding, setAdding] = useState(false);
  useEffect(() => void attempt(() => feed.members.load(id)), [attempt, feed, id]);
  const isOwner = viewerCan.includes('SET_ROLES');
  // Admins remove neither the owner nor each other.
  const canRemove = ({ userId, role }: Member) => userId !== me && viewerCan.includes('REMOVE_MEMBERS') && (isOwner || role === 'MEMBER');
  return (
    <div className="form">
      {viewerCan.includes('UPDATE') && <RenameGroup key={title} id={id} title={title ?? ''} />}
      <section className="section">
        <h3>{texts.conversation.members(memberCount)}</h3>
        <ul className="members">
          {members.map((member) => (
            <MemberRow key={member.userId} id={id} member={member} isMe={member.userId === me} canRemove={canRemove(member)} canSetRole={isOwner && member.userId !== me} onClose={onClose} />
          ))}
        </ul>
        {!complete && members.length > 0 && (
          <button className="link-button" onClick={() => void attempt(() => feed.members.load(id, true))}>{words.moreMembers}</button>
        )}
        {isAdding
          ? <AddMembers id={id} members={members} onDone={() => setAdding(false)} />
          : peopleSearchMode !== 'off' && viewerCan.includes('ADD_MEMBERS') && <button type="button" className="button" onClick={() => setAdding(true)}>{words.add}</button>}
      </section>
      <LeaveGroup id={id} />
    </div>
  );
}

function RenameGroup({ id, title }: { id: string; title: string }) {
  const { client } = useSession();
  const attempt = useAttempt();
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const newTitle = String(new FormData(event.currentTarget).get('title') ?? '');
    void attempt(() => execute(client, RenameGroupDocument, { id, title: newTitle }));
  };
  return (
    <form className="section" onSubmit={save}>
      <label className="field">
        {words.title}
        <span className="with-button">
          <input name="title" defaultValue={title} required maxLength={200} dir="auto" />
          <button className="button">{texts.save}</button>
        </span>
      </label>
    </form>
  );
}

interface MemberRowProps {
  id: string;
  member: Member;
  isMe: boolean;
  canRemove: boolean;
  canSetRole: boolean;
  onClose(): void;
}

function MemberRow({ id, member, isMe, canRemove, canSetRole, onClose }: MemberRowProps) {
  const { client } = useSession();
  const person = useFeed((feed) => feed.person(member.userId));
  const online = useFeed((feed) => feed.online?.has(member.userId));
  const attempt = useAttempt();
  const [isConfirming, setConfirming] = useState(false);
  const remove = () => void attempt(() => execute(client, RemoveMemberDocument, { id, userId: member.userId }));
  const name = `${words.remove} ${person.fullName}`;
  return (
    <li className="row">
      <Avatar id={person.id} name={person.fullName} picture={person.profilePic} online={online} size="small" />
      <span className="row-name">
        {isMe
          ? <bdi>{person.fullName}</bdi>
          : <Link className="member" href={`/with/${person.id}`} replace onClick={onClose}><bdi>{person.fullName}</bdi></Link>}
      </span>
      {member.role !== 'MEMBER' && <span className="tag">{words.roles[member.role]}</span>}
      {canSetRole && <RoleButton id={id} member={member} name={person.fullName} />}
      {canRemove && (
        <button type="button" className="icon-button" aria-label={name} title={name} onClick={() => setConfirming(true)}>
          <UserRoundMinus />
        </button>
      )}
      {isConfirming && (
        <ConfirmDialog
          title={words.removeTitle(person.fullName)} description={words.removeLead} confirmLabel={words.remove}
          open onConfirm={remove} onClose={() => setConfirming(false)}
        />
      )}
    </li>
  );
}

/** Makes somebody an admin, or an admin a member again. */
function RoleButton({ id, member: { userId, role }, name }: { id: string; member: Member; name: string }) {
  const { client } = useSession();
  const attempt = useAttempt();
  const next = role === 'ADMIN' ? 'MEMBER' : 'ADMIN';
  const label = role === 'ADMIN' ? words.makeMember : words.makeAdmin;
  return (
    <button
      type="button" className="link-button" aria-label={`${label}: ${name}`}
      onClick={() => void attempt(() => execute(client, SetMemberRoleDocument, { id, userId, role: next }))}
    >
      {label}
    </button>
  );
}

function AddMembers({ id, members, onDone }: { id: string; members: readonly Member[]; onDone(): void }) {
  const { client } = useSession();
  const attempt = useAttempt();
  const [chosen, setChosen] = useState<readonly PersonChoice[]>([]);
  const add = async () => {
    const userIds = chosen.map(({ id }) => id);
    if (await attempt(() => execute(client, AddMembersDocument, { id, userIds }))) onDone();
  };
  return (
    <div className="section">
      <PersonPicker chosen={chosen} onChange={setChosen} without={new Set(members.map(({ userId }) => userId))} />
      <footer className="form-foot">
        <button type="button" className="button" onClick={onDone}>{texts.cancel}</button>
        <button type="button" className="button" data-kind="main" disabled={chosen.length === 0} onClick={() => void add()}>
          {words.submitAdd}
        </button>
      </footer>
    </div>
  );
}

/** Asks for confirmation, as only a member can add the user again. */
function LeaveGroup({ id }: { id: string }) {
  const { client, feed } = useSession();
  const [, go] = useLocation();
  const attempt = useAttempt();
  const [isConfirming, setConfirming] = useState(false);
  const leave = () => attempt(async () => {
    await execute(client, RemoveMemberDocument, { id, userId: feed.me.id });
    go('/', { replace: true });
  });
  if (!isConfirming) {
    return (
      <button type="button" className="button" data-kind="quiet-danger" onClick={() => setConfirming(true)}>
        <LogOut aria-hidden="true" /> {words.leave}
      </button>
    );
  }
  return (
    <div className="section">
      <p role="alert">{words.leaveLead}</p>
      <footer className="form-foot">
        <button type="button" className="button" onClick={() => setConfirming(false)}>{texts.cancel}</button>
        <button type="button" className="button" data-kind="danger" onClick={() => void leave()}>{words.leave}</button>
      </footer>
    </div>
  );
}
