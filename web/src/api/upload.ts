// Uploads files by the GraphQL multipart request specification. Uses XMLHttpRequest because fetch does not report upload
// progress.
import { ServerError } from '../feed';
import type { TypedDocumentString } from '../gql/graphql';
import { texts } from '../texts';
import { endpoint } from './client';
import { toServerError, type ResponseError } from './errors';

/** In milliseconds. An upload that makes no progress for this long is aborted: the connection may be dead. */
const STALL_TIMEOUT = 20_000;
/** In milliseconds. The server's own limit for answering a complete upload (`UPLOAD_ANSWER`), plus a margin. */
const RESPONSE_TIMEOUT = 65_000;
/** The status of a reverse proxy whose body limit is below Parlour's. Retrying cannot succeed. */
const PAYLOAD_TOO_LARGE = 413;

/** Replaces each Blob in the variables with null and collects it under its path. */
function extractFiles(value: unknown, path: string, files: Map<string, Blob>): unknown {
  if (value instanceof Blob) {
    files.set(path, value);
    return null;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, extractFiles(part, `${path}.${key}`, files)]));
}

interface UploadOptions {
  /** Calls the listener when the socket disconnects: the connection of this request may be dead too. */
  onDisconnect?: (listener: () => void) => () => void;
  /** Aborts the upload. */
  signal?: AbortSignal | undefined;
}

/** Sends a mutation whose variables contain files. Rejects like `execute`. `onProgress` receives a fraction from 0 to 1. */
export function upload<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  onProgress: (fraction: number) => void,
  { onDisconnect = () => () => {}, signal }: UploadOptions = {},
): Promise<Result> {
  const files = new Map<string, Blob>();
  const operations = { query: document.toString(), variables: extractFiles(variables, 'variables', files) };
  const body = new FormData();
  body.set('operations', JSON.stringify(operations));
  body.set('map', JSON.stringify(Object.fromEntries([...files.keys()].map((path, index) => [index, [path]]))));
  [...files.values()].forEach((file, index) => body.set(String(index), file));

  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout>;
    const restartTimer = (timeout: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), timeout);
    };
    let isBodySent = false;
    const stopListening = onDisconnect(() => {
      if (isBodySent) restartTimer(STALL_TIMEOUT);
      isBodySent = false;
    });
    request.upload.onprogress = ({ loaded, total }) => {
      restartTimer(STALL_TIMEOUT);
      onProgress(loaded / total);
    };
    request.upload.onload = () => {
      isBodySent = true;
      restartTimer(RESPONSE_TIMEOUT);
    };
    request.onload = () => {
      const response = request.response as { data?: Result; errors?: [ResponseError] } | null;
      if (response?.errors) reject(toServerError(response.errors[0]));
      else if (response?.data) resolve(response.data);
      else if (request.status === PAYLOAD_TOO_LARGE) reject(new ServerError(texts.image.tooLargeForProxy, 'IMAGE_TOO_LARGE'));
      else reject(new Error(`the server answered with ${request.status}`));
    };
    request.onerror = request.onabort = () => reject(new Error('the server was not reached'));
    const abort = () => request.abort();
    signal?.addEventListener('abort', abort);
    request.onloadend = () => {
      clearTimeout(timer);
      stopListening();
      signal?.removeEventListener('abort', abort);
    };
    request.open('POST', endpoint);
    request.responseType = 'json';
    // Required by the server's CSRF protection: a form on another site cannot set this header.
    request.setRequestHeader('graphql-require-preflight', '1');
    request.setRequestHeader('accept', 'application/graphql-response+json, application/json');
    restartTimer(STALL_TIMEOUT);
    request.send(body);
  });
}
