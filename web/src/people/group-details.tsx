// A group: who is in it.
import { useEffect } from 'react';
import { useFeed, useSession } from '../app/context';
import type { Conversation, Member } from '../feed';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { Dialog } from '../ui/dialog';
import { useAttempt } from '../ui/toasts';

interface GroupDetailsProps {
  conversation: Conversation;
  open: boolean;
  onClose(): void;
}

export function GroupDetails({ conversation, open, onClose }: GroupDetailsProps) {
  return (
    <Dialog title={conversation.title ?? ''} open={open} onClose={onClose}>
      <Members id={conversation.id} count={conversation.memberCount} />
    </Dialog>
  );
}

function Members({ id, count }: { id: string; count: number }) {
  const { feed } = useSession();
  const { members, complete } = useFeed((feed) => feed.members.of(id));
  const attempt = useAttempt();
  useEffect(() => void attempt(() => feed.members.load(id)), [attempt, feed, id]);
  return (
    <section className="form">
      <h3>{texts.conversation.members(count)}</h3>
      <ul className="members">{members.map((member) => <MemberRow key={member.userId} member={member} />)}</ul>
      {!complete && members.length > 0 && (
        <button className="link-button" onClick={() => void attempt(() => feed.members.load(id, true))}>
          {texts.group.moreMembers}
        </button>
      )}
    </section>
  );
}

function MemberRow({ member }: { member: Member }) {
  const person = useFeed((feed) => feed.person(member.userId));
  const online = useFeed((feed) => feed.online.has(member.userId));
  return (
    <li className="row">
      <Avatar id={person.id} name={person.fullName} online={online} size="small" />
      <bdi className="row-name">{person.fullName}</bdi>
      {member.role === 'OWNER' && <span className="tag">{texts.group.owner}</span>}
    </li>
  );
}
