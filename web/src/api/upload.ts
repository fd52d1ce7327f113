// Requests with a file, as the multipart request specification has them. By XMLHttpRequest, as only that tells how much of
// a request is on its way.
import { Refusal } from '../feed';
import type { TypedDocumentString } from '../gql/graphql';
import { texts } from '../texts';
import { endpoint } from './client';
import { refusal, type ServerError } from './refusal';

/** Given up when nothing moves for so long: a line can die without a word. */
const PATIENCE = 20_000;
/** What the server takes at most to answer when it has all, `UPLOAD_ANSWER` there, and a little. */
const ANSWER = 65_000;
/** A proxy before the server takes less than the server does: the same would be refused again and again. */
const TOO_LARGE = 413;

/** Takes the files out of the variables, by the path of each. */
function lift(value: unknown, path: string, files: Map<string, Blob>): unknown {
  if (value instanceof Blob) {
    files.set(path, value);
    return null;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, lift(part, `${path}.${key}`, files)]));
}

interface Interruptions {
  /** Tells of cuts of the socket: the line of this request may be dead too. */
  onCut?: (listener: () => void) => () => void;
  /** Nobody wants it to arrive any more. */
  signal?: AbortSignal | undefined;
}

/** Asks once with the files among the variables; rejects as `ask` does. `onProgress` hears of 0 to 1. */
export function upload<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  onProgress: (share: number) => void,
  { onCut = () => () => {}, signal }: Interruptions = {},
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
    const wait = (patience: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), patience);
    };
    let isSent = false;
    const stop = onCut(() => {
      if (isSent) wait(PATIENCE);
      isSent = false;
    });
    request.upload.onprogress = ({ loaded, total }) => {
      wait(PATIENCE);
      onProgress(loaded / total);
    };
    request.upload.onload = () => {
      isSent = true;
      wait(ANSWER);
    };
    request.onload = () => {
      const answer = request.response as { data?: Result; errors?: [ServerError] } | null;
      if (answer?.errors) reject(refusal(answer.errors[0]));
      else if (answer?.data) resolve(answer.data);
      else if (request.status === TOO_LARGE) reject(new Refusal(texts.image.tooLargeOnTheWay, 'IMAGE_TOO_LARGE'));
      else reject(new Error(`the server answered with ${request.status}`));
    };
    request.onerror = request.onabort = () => reject(new Error('the server was not reached'));
    const abort = () => request.abort();
    signal?.addEventListener('abort', abort);
    request.onloadend = () => {
      clearTimeout(timer);
      stop();
      signal?.removeEventListener('abort', abort);
    };
    request.open('POST', endpoint);
    request.responseType = 'json';
    // Says that this is no form of another page's.
    request.setRequestHeader('graphql-require-preflight', '1');
    request.setRequestHeader('accept', 'application/graphql-response+json, application/json');
    wait(PATIENCE);
    request.send(body);
  });
}
