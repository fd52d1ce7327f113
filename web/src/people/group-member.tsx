// A member of a group, with what its owner and admins can do: give another role, hand the group over, remove.
import { Menu } from '@base-ui/react/menu';
import { Crown, EllipsisVertical, ShieldMinus, ShieldPlus, UserRoundMinus } from 'lucide-react';
import { useRef, useState } from 'react';
import { Link } from 'wouter';
import { execute } from '../api/execute';
import { useFeed, useSession } from '../app/session';
import type { Member } from '../feed';
import { type MemberRole, RemoveMemberDocument, SetMemberRoleDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ConfirmDialog } from '../ui/confirm-dialog';
import { useAttempt } from '../ui/toasts';

const words = texts.group;

export interface MemberRowProps {
  id: string;
  member: Member;
  isMe: boolean;
  canRemove: boolean;
  canSetRole: boolean;
  onClose(): void;
}

export function MemberRow({ id, member, isMe, canRemove, canSetRole, onClose }: MemberRowProps) {
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
      <span className="member-name">
        <span className="row-name">
          {isMe
            ? <bdi>{person.fullName}</bdi>
            : <Link className="member" href={`/with/${person.id}`} replace onClick={onClose}><bdi>{person.fullName}</bdi></Link>}
        </span>
        {member.role !== 'MEMBER' && <span className="tag">{words.roles[member.role]}</span>}
      </span>
      {canSetRole && <RoleMenu id={id} member={member} name={person.fullName} />}
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

function RoleMenu({ id, member: { userId, role }, name }: { id: string; member: Member; name: string }) {
  const { client } = useSession();
  const attempt = useAttempt();
  const container = useRef<HTMLDivElement>(null);
  const [isTransferring, setTransferring] = useState(false);
  const setRole = (next: MemberRole) => void attempt(() => execute(client, SetMemberRoleDocument, { id, userId, role: next }));
  const item = (Icon: typeof Crown, label: string, act: () => void) => (
    <Menu.Item className="menu-item" onClick={act}><Icon aria-hidden="true" /> {label}</Menu.Item>
  );
  return (
    <div ref={container}>
      <Menu.Root>
        <Menu.Trigger className="icon-button" aria-label={words.memberOptions(name)} title={words.memberOptions(name)}><EllipsisVertical /></Menu.Trigger>
        <Menu.Portal container={container}>
          {/* Fixed, as the list of members scrolls. */}
          <Menu.Positioner className="menu-container" align="end" sideOffset={4} positionMethod="fixed">
            <Menu.Popup className="menu">
              {role === 'ADMIN'
                ? item(ShieldMinus, words.makeMember, () => setRole('MEMBER'))
                : item(ShieldPlus, words.makeAdmin, () => setRole('ADMIN'))}
              {item(Crown, words.makeOwner, () => setTransferring(true))}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <ConfirmDialog
        title={words.transferTitle(name)} description={words.transferLead} confirmLabel={words.makeOwner}
        open={isTransferring} onConfirm={() => setRole('OWNER')} onClose={() => setTransferring(false)}
      />
    </div>
  );
}
