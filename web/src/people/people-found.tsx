// People to start with: by a part of their name, or whoever there is.
import { useEffect } from 'react';
import { Link } from 'wouter';
import { useFeed } from '../app/context';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { usePeople } from './use-people';

export function PeopleFound({ search, onOpen }: { search: string; onOpen(): void }) {
  const { people, isAll, fetching, again } = usePeople(search);
  const me = useFeed((feed) => feed.me.id);
  const online = useFeed((feed) => feed.online);
  const conversations = useFeed((feed) => feed.sidebar);
  // Those with whom one has a conversation are among these already.
  const started = new Set(conversations.map(({ otherUserId }) => otherUserId));
  const others = people.filter(({ id }) => !started.has(id));
  // Where one sees everybody there is, one sees who comes new.
  const known = new Set([me, ...people.map(({ id }) => id)]);
  const isNew = !search && isAll && [...online ?? []].some((id) => !known.has(id));
  useEffect(() => { if (isNew) again(); }, [isNew, online]);
  if (people.length > 0 && others.length === 0) return null;
  return (
    <>
      <h2 className="rows-head">{texts.sidebar.people}</h2>
      <ul aria-label={texts.sidebar.people} aria-busy={fetching}>
        {others.map(({ id, fullName, profilePic }) => (
          <li key={id}>
            <Link className="row" href={`/with/${id}`} onClick={onOpen}>
              <Avatar id={id} name={fullName} picture={profilePic} online={online?.has(id)} />
              <span className="row-main"><bdi className="row-name">{fullName}</bdi></span>
            </Link>
          </li>
        ))}
      </ul>
      {!fetching && people.length === 0 && <p className="rows-empty" role="status">{search ? texts.sidebar.nobody : texts.sidebar.alone}</p>}
    </>
  );
}
