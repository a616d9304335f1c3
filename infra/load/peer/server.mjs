// What a page of alerts costs elsewhere: Fastify, a token, a checked query, a limit and PostgreSQL.
import Fastify from 'fastify';
import jwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import pg from 'pg';
import { z } from 'zod';

const { PGHOST, PGPORT, PEER_PORT, PEER_ROWS } = process.env;
const user = '6f1c2a38-5f0e-4c5e-9d0a-0c6f6f7b1a11';
const pool = new pg.Pool({ host: PGHOST, port: Number(PGPORT), user: 'vara', database: 'postgres', max: 16 });

await pool.query(`
  CREATE TABLE IF NOT EXISTS alerts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL, type text NOT NULL,
    severity text NOT NULL, status text NOT NULL, title text NOT NULL, description text NOT NULL,
    metadata jsonb NOT NULL, created_at timestamptz NOT NULL);
  CREATE INDEX IF NOT EXISTS alerts_of ON alerts (user_id, created_at DESC);`);
const { rows: [{ count }] } = await pool.query('SELECT count(*)::int FROM alerts');
if (count === 0) {
  await pool.query(
    `INSERT INTO alerts (user_id, type, severity, status, title, description, metadata, created_at)
     SELECT $1, 'IMAGE_MATCH', 'HIGH', 'NEW', 'Your picture was found',
       'A page shows a picture of yours.', '{"page":"https://forum.example.net/t/42","score":0.98}',
       now() - n * interval '1 second' FROM generate_series(1, $2::int) AS n`,
    [user, Number(PEER_ROWS)]);
}

const app = Fastify();
await app.register(jwt, { secret: 'a-secret-of-more-than-thirty-two-characters' });
await app.register(rateLimit, { max: 1_000_000_000, timeWindow: '1 minute' });
const Query = z.object({
  page: z.coerce.number().int().min(1).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

app.get('/health', async () => ({ status: 'ok' }));
app.get('/api/v1/alerts', { onRequest: (request) => request.jwtVerify() }, async (request, reply) => {
  const query = Query.safeParse(request.query);
  if (!query.success) return reply.code(400).send({ success: false, error: { code: 'VALIDATION_ERROR' } });
  const { page, limit } = query.data;
  const [items, total] = await Promise.all([
    pool.query('SELECT * FROM alerts WHERE user_id = $1 ORDER BY created_at DESC LIMIT $2 OFFSET $3',
      [request.user.sub, limit, (page - 1) * limit]),
    pool.query('SELECT count(*)::int FROM alerts WHERE user_id = $1', [request.user.sub]),
  ]);
  const all = total.rows[0].count;
  return {
    success: true,
    data: items.rows,
    pagination: { page, limit, total: all, totalPages: Math.ceil(all / limit), hasNext: page * limit < all, hasPrev: page > 1 },
  };
});

await app.listen({ port: Number(PEER_PORT), host: '127.0.0.1' });
console.log(app.jwt.sign({ sub: user }));
