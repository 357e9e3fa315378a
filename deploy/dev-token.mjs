/**
 * The identity provider of the dev profile, for looking around and never for production, which refuses its issuer.
 * `serve` makes a key and shows its public half to the API; tokens come from the command line alone, no address hands them out.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';

const issuer = 'mendline-dev';
const audience = 'mendline-api';
/** In the container's tmpfs: it goes with the container. */
const keyFile = process.env.DEV_KEY_FILE || '/tmp/mendline-dev-key.json';
const alg = 'EdDSA';

const [role, subject = `${role}-1`, merchantId = 'm1'] = process.argv.slice(2);
if (role === 'serve') await serve();
else if (role) console.log(await tokenFor());
else {
  console.error('Usage: node deploy/dev-token.mjs serve\n       node deploy/dev-token.mjs <role> [subject] [merchantId]');
  process.exitCode = 2;
}

async function serve() {
  const { publicKey, privateKey } = await generateKeyPair(alg, { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  writeFileSync(keyFile, JSON.stringify({ ...(await exportJWK(privateKey)), kid }), { mode: 0o600 });
  const jwks = JSON.stringify({ keys: [{ ...jwk, kid, alg, use: 'sig' }] });
  const server = createServer((req, res) => {
    if (req.url !== '/jwks.json') res.writeHead(404).end();
    else res.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(jwks);
  });
  server.listen(Number(process.env.PORT || 4200), () => console.log(`development keys of ${issuer} at /jwks.json`));
  process.on('SIGTERM', () => process.exit(0));
}

async function tokenFor() {
  const { kid, ...jwk } = JSON.parse(readFileSync(keyFile, 'utf8'));
  return new SignJWT({ role, merchantId })
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime('12h')
    .sign(await importJWK(jwk, alg));
}
