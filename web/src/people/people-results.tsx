// Search results: people; without a search, everybody whom the user can write to.
import { useEffect } from 'react';
import { Link } from 'wouter';
import { useFeed, useSession } from '../app/session';
import type { Conversation } from '../feed';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ambiguousNames, PersonName } from './person-name';
import { usePeopleSearch } from './use-people-search';

interface PeopleResultsProps {
  search: string;
  /** The conversations above the results: with whom there is one is not shown again. */
  above: readonly Conversation[];
  onOpen(): void;
}

export function PeopleResults({ search, above, onOpen }: PeopleResultsProps) {
  const { people, isComplete, fetching, error, reload } = usePeopleSearch(search);
  const { peopleSearchMode } = useSession();
  const me = useFeed((feed) => feed.me.id);
  const online = useFeed((feed) => feed.online);
  const isAbove = new Set(above.map(({ otherUserId }) => otherUserId));
  const others = people.filter(({ id }) => !isAbove.has(id));
  const ambiguous = ambiguousNames(people);
  // Reloads a complete list when someone who is not in it comes online.
  const shown = new Set([me, ...people.map(({ id }) => id)]);
  const hasNewcomer = !search && isComplete && [...online ?? []].some((id) => !shown.has(id));
  useEffect(() => { if (hasNewcomer) reload(); }, [hasNewcomer, online]);
  if (people.length > 0 && others.length === 0) return null;
  // A failed search does not mean that there is nobody.
  if (error && people.length === 0) return null;
  return (
    <section data-none={people.length === 0 || undefined}>
      <h2 className="rows-head">{texts.sidebar.people}</h2>
      <ul aria-label={texts.sidebar.people} aria-busy={fetching}>
        {others.map((person) => (
          <li key={person.id}>
            <Link className="row" href={`/with/${person.id}`} onClick={onOpen}>
              <Avatar id={person.id} name={person.fullName} picture={person.profilePic} online={online?.has(person.id)} />
              <PersonName person={person} isAmbiguous={ambiguous.has(person.id)} />
            </Link>
          </li>
        ))}
      </ul>
      {!fetching && people.length === 0 && (
        <p className="rows-empty" role="status">{search ? texts.sidebar.nobody[peopleSearchMode] : texts.sidebar.alone}</p>
      )}
    </section>
  );
}
