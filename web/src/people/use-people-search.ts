// People by a part of their name, asked a little after the last key.
import { useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { FindPeopleDocument, type FindPeopleQuery, type FindPeopleQueryVariables } from '../gql/graphql';

const QUIET = 200;

/** Without a search: everybody. Of many there is only the first page, to be narrowed by more of the name. */
export function usePeopleSearch(search: string) {
  const [asked, setAsked] = useState(search);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search), QUIET);
    return () => clearTimeout(timer);
  }, [search]);
  const [{ data, fetching, error }, again] = useQuery<FindPeopleQuery, FindPeopleQueryVariables>({
    query: FindPeopleDocument.toString(),
    variables: { search: asked || null },
  });
  const { nodes = [], pageInfo } = data?.users ?? {};
  return { people: nodes, isAll: pageInfo?.hasNextPage === false, fetching: fetching || asked !== search, error, again };
}
