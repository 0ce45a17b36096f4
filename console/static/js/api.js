// The server as functions. A refusal is an ApiError with the server's own words for it.

export class ApiError extends Error {
  /** `status` 0: the server cannot be reached; `body` what it said. */
  constructor(status, body, retryAfter = null) {
    super(body?.error ?? `http-${status}`);
    this.status = status;
    this.body = body ?? {};
    this.retryAfter = retryAfter;
  }
}

let csrf = '';

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new ApiError(0, { error: 'unreachable' });
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, body, answer.headers.get('Retry-After'));
  return body;
}

const get = (path, query = {}) => {
  const asked = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return call(asked.length ? `${path}?${new URLSearchParams(asked)}` : path);
};

const post = (path, body) => call(path, {
  method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'X-Kawal-Csrf': csrf },
});

async function signed(answer) {
  const session = await answer;
  csrf = session.csrf;
  return session;
}

export const api = {
  session: () => signed(get('/api/session')),
  login: (fields) => signed(post('/api/login', fields)),
  first: (fields) => signed(post('/api/first', fields)),
  logout: () => post('/api/logout', {}),
  act: (action) => post('/api/actions', action),
  soundTested: (heard) => post('/api/sound-test', { heard }),
  history: (id, from, to) => get(`/api/convoys/${encodeURIComponent(id)}/history`, { from, to }),
  pings: (id, vehicle, limit = 20) => get(`/api/convoys/${encodeURIComponent(id)}/pings`, { vehicle_id: vehicle, limit }),
  playback: (from, to) => get('/api/playback', { from, to }),
  quality: (hours) => get('/api/quality', { hours }),
  audit: (before, limit) => get('/api/audit', { before, limit }),
};

/** Address of the shift report; `format` is `html` or `csv`. */
export function reportAddress(format, from, to, lang) {
  return `/api/report${format === 'csv' ? '.csv' : ''}?${new URLSearchParams({ from, to, lang })}`;
}
