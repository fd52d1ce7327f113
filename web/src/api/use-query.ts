// A query of a view. Its last answer stays while the next one is on its way.
import { useCallback, useEffect, useState } from 'react';
import { useSession } from '../app/session';
import type { TypedDocumentString } from '../gql/graphql';
import { execute } from './execute';

interface Options {
  /** Nothing is asked while this is set. */
  pause?: boolean;
}

export function useQuery<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables, { pause = false }: Options = {}) {
  const { client } = useSession();
  const [state, setState] = useState<{ data?: Result; error?: unknown; asked?: string }>({});
  const [round, setRound] = useState(0);
  const key = JSON.stringify([variables, round]);
  useEffect(() => {
    if (pause) return undefined;
    let isCancelled = false;
    execute(client, document, variables).then(
      (data) => { if (!isCancelled) setState({ data, asked: key }); },
      (error: unknown) => { if (!isCancelled) setState(({ data }) => ({ ...(data !== undefined && { data }), error, asked: key })); },
    );
    return () => { isCancelled = true; };
  }, [client, document, key, pause]);
  const reload = useCallback(() => setRound((last) => last + 1), []);
  return [{ data: state.data, error: state.error, fetching: !pause && state.asked !== key }, reload] as const;
}
