// Calls to the REST API with the page's own session.

let token = document.querySelector('meta[name=csrf-token]').content;

/** A refusal or failure: `status` 0 when the server did not answer. */
export class ApiFailure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The JSON of an answer; throws ApiFailure for everything but 2xx. */
export async function call(method, path, data) {
  const headers = {Accept: 'application/json', 'X-CSRF-Token': token};
  if (data !== undefined) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(`/api/v1/${path}`, {method, headers, body: data && JSON.stringify(data)});
  } catch {
    throw new ApiFailure(0, 'The server does not answer. Nothing was saved.');
  }
  token = response.headers.get('CSRF-TOKEN') ?? token;
  const content = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new ApiFailure(response.status, content.error_human ?? content.error ?? `The server answered ${response.status}.`);
  }
  return content;
}
