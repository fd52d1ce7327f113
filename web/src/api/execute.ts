// Executes operations with urql.
import type { AnyVariables, Client } from 'urql';
import type { TypedDocumentString } from '../gql/graphql';
import { fromUrqlError } from './errors';

/** Sends a query or mutation once. Rejects with a `ServerError` if the server answered with an error, else with the network's. */
export async function execute<Result, Variables>(
  client: Client,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const text = document.toString();
  const isMutation = text.trimStart().startsWith('mutation');
  // `keepalive` lets a mutation finish when the page is closed meanwhile.
  const { data, error } = await (isMutation
    ? client.mutation(text, variables as AnyVariables, { fetchOptions: { keepalive: true } })
    : client.query(text, variables as AnyVariables)).toPromise();
  if (error) throw fromUrqlError(error);
  return data as Result;
}
