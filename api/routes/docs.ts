/** The contract for people and programs: /openapi.json, and Swagger UI at /docs from files of our own, nothing from elsewhere. */
import { Router } from 'express';
import { absolutePath } from 'swagger-ui-dist';
import { methodNotAllowed } from '../errors.ts';
import { openApiDocument } from '../openapi.ts';

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Mendline API</title>
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css" />
    <link rel="icon" href="data:," />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/assets/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>`;
// Without `validatorUrl: null` Swagger UI would have the document checked by a service on the net.
const start = `window.ui = SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, persistAuthorization: true, validatorUrl: null,
});`;
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js'];
// Swagger UI writes style attributes and draws its icons from data addresses.
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'";

export function docsRoutes(): Router {
  const document = openApiDocument();
  const router = Router();
  router.get('/', (_req, res) => res.redirect('/docs'));
  router.get('/openapi.json', (_req, res) => void res.json(document));
  router.get('/docs', (_req, res) => void res.setHeader('Content-Security-Policy', policy).type('html').send(page));
  router.get('/docs/start.js', (_req, res) => void res.type('js').send(start));
  const fromPackage = { root: absolutePath(), maxAge: '1h', acceptRanges: false };
  for (const file of assets) router.get(`/docs/assets/${file}`, (_req, res) => res.sendFile(file, fromPackage));
  router.all(['/', '/openapi.json', '/docs', '/docs/start.js'], methodNotAllowed('GET'));
  return router;
}
