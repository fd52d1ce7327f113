// A person's name in a list, with details where two people in it have names that look the same.
import { formatDateTime } from '../app/dates';
import type { FindPeopleQuery } from '../gql/graphql';
import { texts } from '../texts';
import { usePresenceText } from './use-presence-text';

type FoundPerson = FindPeopleQuery['users']['nodes'][number];

/** The ids of people whose name looks like the name of another one in the list. */
export function ambiguousNames(people: readonly FoundPerson[]): ReadonlySet<string> {
  const byNameKey = Map.groupBy(people, ({ nameKey }) => nameKey);
  return new Set([...byNameKey.values()].filter(({ length }) => length > 1).flat().map(({ id }) => id));
}

export function PersonName({ person, isAmbiguous }: { person: FoundPerson; isAmbiguous: boolean }) {
  return (
    <span className="row-main">
      <bdi className="row-name">{person.fullName}</bdi>
      {isAmbiguous && <PersonDetails person={person} />}
    </span>
  );
}

const PersonDetails = ({ person: { id, createdAt } }: { person: FoundPerson }) => (
  <span className="hint">{texts.sidebar.personDetails(usePresenceText(id), formatDateTime(createdAt))}</span>
);
