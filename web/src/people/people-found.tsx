// People to start with, found by name.
import { Link } from 'wouter';
import { useFeed } from '../app/context';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { usePeople } from './use-people';

export function PeopleFound({ search, onOpen }: { search: string; onOpen(): void }) {
  const { people, fetching } = usePeople(search);
  const online = useFeed((feed) => feed.online);
  return (
    <>
      <h2 className="rows-head">{texts.sidebar.people}</h2>
      <ul aria-busy={fetching}>
        {people.map(({ id, fullName, profilePic }) => (
          <li key={id}>
            <Link className="row" href={`/with/${id}`} onClick={onOpen}>
              <Avatar id={id} name={fullName} picture={profilePic} online={online.has(id)} />
              <span className="row-main"><bdi className="row-name">{fullName}</bdi></span>
            </Link>
          </li>
        ))}
      </ul>
      {!fetching && people.length === 0 && <p className="rows-empty" role="status">{texts.sidebar.nobody}</p>}
    </>
  );
}
