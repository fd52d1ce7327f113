// The people whom the user has blocked, by name.
import { useFeed, useSession } from '../app/session';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { useUnblock } from './use-unblock';

const words = texts.blocks;

export function BlockedPeople({ title, none }: { title: string; none: string }) {
  const { feed } = useSession();
  const ids = useFeed((feed) => feed.blocks.ids);
  const sorted = [...ids].sort((a, b) => feed.person(a).fullName.localeCompare(feed.person(b).fullName));
  return (
    <section className="section">
      <h3>{title}</h3>
      {sorted.length === 0 && <p className="secondary">{none}</p>}
      <ul className="members">{sorted.map((id) => <BlockedPerson key={id} id={id} />)}</ul>
    </section>
  );
}

function BlockedPerson({ id }: { id: string }) {
  const person = useFeed((feed) => feed.person(id));
  const unblock = useUnblock(id);
  return (
    <li className="row">
      <Avatar id={id} name={person.fullName} picture={person.profilePic} size="small" />
      <bdi className="row-name">{person.fullName}</bdi>
      <button type="button" className="link-button" aria-label={words.unblockName(person.fullName)} onClick={unblock}>{words.unblock}</button>
    </li>
  );
}
