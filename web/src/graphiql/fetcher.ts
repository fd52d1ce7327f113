// GraphiQL's fetcher: queries and mutations by POST, subscriptions by WebSocket, both to the page's own origin.
import type { Fetcher, Observable } from '@graphiql/toolkit';
import { type ExecutionResult, getOperationAST, type OperationDefinitionNode, OperationTypeNode, parse } from 'graphql';
import type { Sink, SubscribePayload } from 'graphql-ws';
import { parlourSocket } from '../parlour-socket';

const endpoint = `${location.origin}/graphql`;

export const fetcher: Fetcher = ({ query, operationName, variables }, { headers } = {}) => {
  const operation = selectOperation(query, operationName);
  // GraphiQL passes empty values as undefined or null, which the protocol does not allow.
  const payload: SubscribePayload = {
    query,
    ...(operation?.name && { operationName: operation.name.value }),
    ...(variables && { variables }),
  };
  return operation?.operation === OperationTypeNode.SUBSCRIPTION ? subscribe(payload, headers) : post(payload, headers);
};

/**
 * The operation to run, read from the text itself: the name that GraphiQL passes is outdated if the user presses Ctrl-Enter
 * right after typing. Null if the text is not valid GraphQL; the server reports the error.
 */
function selectOperation(query: string, name?: string | null): OperationDefinitionNode | null | undefined {
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

/** Each subscription has its own socket, so that it belongs to the user who is signed in when it starts. */
function subscribe(payload: SubscribePayload, headers: Record<string, string> = {}) {
  // A browser's WebSocket cannot send headers: a token from the headers editor is sent in the first message.
  const bearer = new Headers(headers).get('authorization')?.replace(/^Bearer\s+/i, '');
  const socket = parlourSocket(endpoint, bearer ? { token: () => bearer } : {});

  // GraphiQL shows only the last result. Events arrive in bursts, so earlierResults ones are shown below it.
  const earlierResults: unknown[] = [];

  const observable = {
    subscribe: (sink: Sink<ExecutionResult>) => ({
      unsubscribe: socket.subscribe(payload, {
        next: (result) => {
          sink.next({ ...(result as ExecutionResult), ...(earlierResults.length > 0 && { earlierResults: [...earlierResults] }) });
          earlierResults.unshift(result.data);
          earlierResults.splice(20);
        },
        error: (reason) => sink.error(toPrintableError(reason)),
        complete: () => sink.complete(),
      }),
    }),
  };
  // The toolkit's type has two more overloads, which GraphiQL does not use.
  return observable as Observable<ExecutionResult>;
}

/** GraphiQL prints errors as JSON, and a CloseEvent has no enumerable properties. */
function toPrintableError(reason: unknown) {
  if (!(reason instanceof CloseEvent)) return reason;
  const advice = reason.code === 4401 ? ' (sign in first)' : '';
  return { message: `the server closed the socket: ${reason.code} ${reason.reason}${advice}` };
}
