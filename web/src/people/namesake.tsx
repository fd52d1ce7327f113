// What tells people of one name apart, where there is nothing else of them to see.
import { useFeed } from '../app/context';
import { dateAndTime } from '../app/dates';
import { useClock } from '../app/use-clock';
import type { FindPeopleQuery } from '../gql/graphql';
import { texts } from '../texts';
import { presence } from './presence';

type Found = FindPeopleQuery['users']['nodes'][number];

/** The ids of those whose name others among these have too. */
export function namesakes(people: readonly Found[]): ReadonlySet<string> {
  const bearers = Map.groupBy(people, ({ fullName }) => fullName.toLocaleLowerCase());
  return new Set([...bearers.values()].filter(({ length }) => length > 1).flat().map(({ id }) => id));
}

export function Namesake({ person: { id, lastSeenAt, createdAt } }: { person: Found }) {
  const online = useFeed((feed) => feed.online?.has(id));
  const said = useClock(() => texts.sidebar.namesake(presence(online, lastSeenAt), dateAndTime(createdAt)));
  return <span className="hint">{said}</span>;
}
