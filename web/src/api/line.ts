// The feed's line over urql, and what errors mean.
import { type AnyVariables, type Client, CombinedError } from 'urql';
import { type Line, Refusal } from '../feed';
import type { TypedDocumentString } from '../gql/graphql';
import { type Connection, onHope } from './client';
import { refusal } from './refusal';
import { upload } from './upload';

/** What an error of urql says: a refusal of the server, or that it was not reached. */
export function meaning(error: unknown): unknown {
  if (!(error instanceof CombinedError)) return error;
  const [first] = error.graphQLErrors;
  if (first) return refusal(first);
  const cause = error.networkError as { code?: unknown } | undefined;
  // The socket was closed, because nobody is signed in (any longer).
  return cause?.code === 4401 ? new Refusal('signed out', 'UNAUTHENTICATED') : (cause ?? error);
}

/** Asks once; rejects with a {@link Refusal}, or with what kept the server from being reached. */
export async function ask<Result, Variables>(
  client: Client,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const text = document.toString();
  const isMutation = text.trimStart().startsWith('mutation');
  // What was begun is done, also when the page is closed meanwhile: a message arrives, a mark is moved.
  const { data, error } = await (isMutation
    ? client.mutation(text, variables as AnyVariables, { fetchOptions: { keepalive: true } })
    : client.query(text, variables as AnyVariables)).toPromise();
  if (error) throw meaning(error);
  return data as Result;
}

export function lineOf({ client, socket }: Connection): Line {
  const onCut = (listener: () => void) => socket.on('closed', listener);
  return {
    // A text is so soon on its way that there is nothing to call back.
    request: (document, variables, onProgress, signal) =>
      onProgress ? upload(document, variables, onProgress, { onCut, signal }) : ask(client, document, variables),
    subscribe: (document, variables, sink) => {
      let ended = false;
      const end = (reason?: unknown) => {
        if (!ended) sink.end(reason);
        ended = true;
      };
      // urql says nothing of a subscription that was completed: the socket does.
      const stop = socket.subscribe({ query: document.toString(), variables: variables as Record<string, unknown> }, {
        next: ({ data }) => sink.next(data as Parameters<typeof sink.next>[0]),
        error: (reason) => end(meaning(new CombinedError({ networkError: reason as Error }))),
        complete: () => end(),
      });
      return () => {
        ended = true;
        stop();
      };
    },
    onCut,
    onHope,
  };
}
