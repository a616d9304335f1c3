// The running system that the checks follow, and the change they make there.

import assert from 'node:assert/strict';

/** Where the API is, and an access token. */
export const [baseUrl, token] = [process.env.VARA_GATEWAY, process.env.VARA_TOKEN];

/** Changes the preferences; returns when it is stored. */
export async function change(minutes) {
  const reply = await fetch(`${baseUrl}/api/v1/users/me/preferences`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ utcOffsetMinutes: minutes }),
  });
  assert.equal(reply.status, 200, await reply.text());
}
