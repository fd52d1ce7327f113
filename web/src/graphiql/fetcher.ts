// How GraphiQL talks to Parlour: queries and mutations by POST, subscriptions by WebSocket, both to the page's own address.
import type { Fetcher, Observable } from '@graphiql/toolkit';
import { type ExecutionResult, getOperationAST, type OperationDefinitionNode, OperationTypeNode, parse } from 'graphql';
import type { Sink, SubscribePayload } from 'graphql-ws';
import { parlourSocket } from '../parlour-socket';

const endpoint = `${location.origin}/graphql`;

export const fetcher: Fetcher = ({ query, operationName, variables }, { headers } = {}) => {
  const operation = pick(query, operationName);
  // What is empty GraphiQL gives as undefined or null; the protocol wants it left out.
  const payload: SubscribePayload = {
    query,
    ...(operation?.name && { operationName: operation.name.value }),
    ...(variables && { variables }),
  };
  return operation?.operation === OperationTypeNode.SUBSCRIPTION ? subscribe(payload, headers) : post(payload, headers);
};

/**
 * The operation that is meant. Read from the text itself: what GraphiQL knows of it, its name included, lags behind
 * someone who types and presses Ctrl-Enter at once. Null if the text is no GraphQL; the server explains why.
 */
function pick(query: string, name?: string | null): OperationDefinitionNode | null | undefined {
  try {
    const document = parse(query);
    return getOperationAST(document, name) ?? getOperationAST(document);
  } catch {
    return null;
  }
}

async function post(payload: SubscribePayload, headers?: Record<string, string>): Promise<ExecutionResult> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(payload),
  });
  return response.json();
}

/** Each subscription has a socket of its own, so that it belongs to whoever is signed in when it starts. */
function subscribe(payload: SubscribePayload, headers: Record<string, string> = {}) {
  // A socket cannot send headers: a token from the headers' editor goes along in its first message.
  const bearer = new Headers(headers).get('authorization')?.replace(/^Bearer\s+/i, '');
  const socket = parlourSocket(endpoint, bearer ? { token: () => bearer } : {});

  // GraphiQL shows the last result alone. Events come in bursts: what came before is shown below it.
  const earlier: unknown[] = [];

  const observable = {
    subscribe: (sink: Sink<ExecutionResult>) => ({
      unsubscribe: socket.subscribe(payload, {
        next: (result) => {
          sink.next({ ...(result as ExecutionResult), ...(earlier.length > 0 && { earlier: [...earlier] }) });
          earlier.unshift(result.data);
          earlier.splice(20);
        },
        error: (reason) => sink.error(readable(reason)),
        complete: () => sink.complete(),
      }),
    }),
  };
  // The toolkit's type has two more ways to call it, which GraphiQL does not use.
  return observable as Observable<ExecutionResult>;
}

/** A close event has nothing to print as JSON, which is what GraphiQL does with it. */
function readable(reason: unknown) {
  if (!(reason instanceof CloseEvent)) return reason;
  const advice = reason.code === 4401 ? ' (sign in first)' : '';
  return { message: `the server closed the socket: ${reason.code} ${reason.reason}${advice}` };
}
