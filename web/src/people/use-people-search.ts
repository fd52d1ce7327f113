// Searches people by name, debounced.
import { useEffect, useState } from 'react';
import { useQuery } from '../api/use-query';
import { FindPeopleDocument } from '../gql/graphql';

/** In milliseconds after the last key press. */
const DEBOUNCE = 200;

/** The first page of results; without a search, of everybody. More letters narrow it down. */
export function usePeopleSearch(search: string) {
  const [debounced, setDebounced] = useState(search);
  useEffect(() => {
    const timer = setTimeout(() => setDebounced(search), DEBOUNCE);
    return () => clearTimeout(timer);
  }, [search]);
  const [{ data, fetching, error }, reload] = useQuery(FindPeopleDocument, { search: debounced || null });
  const { nodes = [], pageInfo } = data?.users ?? {};
  return { people: nodes, isComplete: pageInfo?.hasNextPage === false, fetching: fetching || debounced !== search, error, reload };
}
