// People to start with: by a part of their name, or whoever there is.
import { useEffect } from 'react';
import { Link } from 'wouter';
import { useFeed, useSession } from '../app/session';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { Namesake, ambiguousNames } from './person-name';
import { usePeopleSearch } from './use-people-search';

export function PeopleResults({ search, onOpen }: { search: string; onOpen(): void }) {
  const { people, isAll, fetching, error, again } = usePeopleSearch(search);
  const { peopleSearchMode } = useSession();
  const me = useFeed((feed) => feed.me.id);
  const online = useFeed((feed) => feed.online);
  const conversations = useFeed((feed) => feed.sidebar);
  // Those with whom one has a conversation are among these already.
  const started = new Set(conversations.map(({ otherUserId }) => otherUserId));
  const others = people.filter(({ id }) => !started.has(id));
  const alike = ambiguousNames(people);
  // Where one sees everybody there is, one sees who comes new.
  const known = new Set([me, ...people.map(({ id }) => id)]);
  const isNew = !search && isAll && [...online ?? []].some((id) => !known.has(id));
  useEffect(() => { if (isNew) again(); }, [isNew, online]);
  if (people.length > 0 && others.length === 0) return null;
  // A failed search has found out nothing.
  if (error && people.length === 0) return null;
  return (
    <section data-none={people.length === 0 || undefined}>
      <h2 className="rows-head">{texts.sidebar.people}</h2>
      <ul aria-label={texts.sidebar.people} aria-busy={fetching}>
        {others.map((person) => (
          <li key={person.id}>
            <Link className="row" href={`/with/${person.id}`} onClick={onOpen}>
              <Avatar id={person.id} name={person.fullName} picture={person.profilePic} online={online?.has(person.id)} />
              <span className="row-main">
                <bdi className="row-name">{person.fullName}</bdi>
                {alike.has(person.id) && <Namesake person={person} />}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {!fetching && people.length === 0 && <p className="rows-empty" role="status">{search ? texts.sidebar.nobody[peopleSearchMode] : texts.sidebar.alone}</p>}
    </section>
  );
}
