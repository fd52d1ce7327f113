// What tells people of one name apart, where there is nothing else of them to see.
import { dateAndTime } from '../app/dates';
import type { FindPeopleQuery } from '../gql/graphql';
import { texts } from '../texts';
import { usePresenceText } from './use-presence';

type Found = FindPeopleQuery['users']['nodes'][number];

/** The ids of those whose name looks like that of others among these. */
export function ambiguousNames(people: readonly Found[]): ReadonlySet<string> {
  const bearers = Map.groupBy(people, ({ nameKey }) => nameKey);
  return new Set([...bearers.values()].filter(({ length }) => length > 1).flat().map(({ id }) => id));
}

export function Namesake({ person: { id, createdAt } }: { person: Found }) {
  return <span className="hint">{texts.sidebar.namesake(usePresenceText(id), dateAndTime(createdAt))}</span>;
}
