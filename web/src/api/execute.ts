// Executes operations.
import type { TypedDocumentString } from '../gql/graphql';
import type { Client } from './client';
import { type ResponseError, toServerError } from './errors';

/** Sends a query or mutation once. Rejects with a `ServerError` if the server answered with an error, else with the network's. */
export async function execute<Result, Variables>(
  client: Client,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const query = document.toString();
  // `keepalive` lets a mutation finish when the page is closed meanwhile.
  const keepalive = query.trimStart().startsWith('mutation');
  const { data, errors } = (await client.post({ query, variables }, { keepalive })) as { data?: Result; errors?: [ResponseError] };
  if (errors?.[0]) throw toServerError(errors[0]);
  if (!data) throw new Error('the server answered without data');
  return data;
}
