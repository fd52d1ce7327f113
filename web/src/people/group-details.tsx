// The details of a group: its title, picture and members, and the forms to change them.
import { LogOut } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { execute } from '../api/execute';
import { useQuery } from '../api/use-query';
import { useFeed, useSession } from '../app/session';
import type { Conversation, Member } from '../feed';
import { AddMembersDocument, type Posting, RemoveMemberDocument, RenameGroupDocument, RetentionDocument, SetPostingDocument, SetRetentionDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { useAttempt, useShowNotice } from '../ui/toasts';
import { MemberRow } from './group-member';
import { type PersonChoice, PersonPicker } from './person-picker';
import { GroupPicture } from './picture-chooser';

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

function GroupDetails({ conversation, onClose }: { conversation: Conversation; onClose(): void }) {
  const { id, title, memberCount, viewerCan } = conversation;
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
      {viewerCan.includes('UPDATE') && (
        <>
          <GroupPicture conversation={conversation} />
          <RenameGroup key={title} id={id} title={title ?? ''} />
          <WhoMayWrite conversation={conversation} />
          <Retention id={id} />
        </>
      )}
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

/** Everybody, or in a group for announcements only the owner and admins. */
function WhoMayWrite({ conversation: { id, posting } }: { conversation: Conversation }) {
  const { client } = useSession();
  const attempt = useAttempt();
  // Shown at once, and undone if the server refuses it.
  const [chosen, setChosen] = useState(posting);
  useEffect(() => setChosen(posting), [posting]);
  const set = async (next: Posting) => {
    setChosen(next);
    if (!(await attempt(() => execute(client, SetPostingDocument, { id, posting: next })))) setChosen(posting);
  };
  return (
    <fieldset>
      <legend>{words.posting}</legend>
      <div className="segments">
        {(['EVERYONE', 'ADMINS'] as const).map((value) => (
          <label key={value} className="segment">
            <input
              type="radio" name="posting" checked={chosen === value} onChange={() => void set(value)}
            />
            <span>{words.postingBy[value]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** For how long messages are kept. Read when it is looked at: few ever do. */
function Retention({ id }: { id: string }) {
  const { client } = useSession();
  const attempt = useAttempt();
  const showNotice = useShowNotice();
  const [{ data }, reload] = useQuery(RetentionDocument, { id });
  const days = data?.conversation?.retentionDays ?? '';
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get('days') ?? '');
    if (!(await attempt(() => execute(client, SetRetentionDocument, { id, days: typed === '' ? null : Number(typed) })))) return;
    reload();
    showNotice(words.retentionSaved);
  };
  if (!data) return null;
  return (
    <form className="section" onSubmit={(event) => void save(event)}>
      <label className="field">
        {words.retention}
        <span className="with-button">
          <input key={days} name="days" type="number" min={1} max={3650} defaultValue={days} aria-describedby="retention-hint" />
          <button className="button" aria-label={words.saveRetention}>{texts.save}</button>
        </span>
      </label>
      <p className="hint" id="retention-hint">{words.retentionHint}</p>
    </form>
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
