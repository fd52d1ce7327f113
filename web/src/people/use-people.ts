// People by a part of their name, asked a little after the last key.
import { useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { FindPeopleDocument, type FindPeopleQuery, type FindPeopleQueryVariables } from '../gql/graphql';

const QUIET = 200;

export function usePeople(search: string) {
  const [asked, setAsked] = useState(search);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search), QUIET);
    return () => clearTimeout(timer);
  }, [search]);
  const [{ data, fetching, error }] = useQuery<FindPeopleQuery, FindPeopleQueryVariables>({
    query: FindPeopleDocument.toString(),
    variables: { search: asked || null },
  });
  return { people: data?.users.nodes ?? [], fetching: fetching || asked !== search, error };
}
