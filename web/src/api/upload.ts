// Requests with a file, as the multipart request specification has them. By XMLHttpRequest, as only that tells how much of
// a request is on its way.
import type { TypedDocumentString } from '../gql/graphql';
import { endpoint } from './client';
import { refusal, type ServerError } from './refusal';

/** Given up when nothing moves for so long: a line can die without a word. */
const PATIENCE = 20_000;

/** Takes the files out of the variables, by the path of each. */
function lift(value: unknown, path: string, files: Map<string, Blob>): unknown {
  if (value instanceof Blob) {
    files.set(path, value);
    return null;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, lift(part, `${path}.${key}`, files)]));
}

/** Asks once with the files among the variables; rejects as `ask` does. `onProgress` hears of 0 to 1. */
export function upload<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  onProgress: (share: number) => void,
): Promise<Result> {
  const files = new Map<string, Blob>();
  const operations = { query: document.toString(), variables: lift(variables, 'variables', files) };
  const body = new FormData();
  body.set('operations', JSON.stringify(operations));
  body.set('map', JSON.stringify(Object.fromEntries([...files.keys()].map((path, index) => [index, [path]]))));
  [...files.values()].forEach((file, index) => body.set(String(index), file));

  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), PATIENCE);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      wait();
      onProgress(loaded / total);
    };
    request.onload = () => {
      const answer = request.response as { data?: Result; errors?: [ServerError] } | null;
      if (answer?.errors) reject(refusal(answer.errors[0]));
      else if (answer?.data) resolve(answer.data);
      else reject(new Error(`the server answered with ${request.status}`));
    };
    request.onerror = request.onabort = () => reject(new Error('the server was not reached'));
    request.onloadend = () => clearTimeout(timer);
    request.open('POST', endpoint);
    request.responseType = 'json';
    // Says that this is no form of another page's.
    request.setRequestHeader('graphql-require-preflight', '1');
    request.setRequestHeader('accept', 'application/graphql-response+json, application/json');
    wait();
    request.send(body);
  });
}
