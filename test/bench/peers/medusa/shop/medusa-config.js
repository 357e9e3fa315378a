/** Medusa's defaults (events, locks and workflow engine in memory), without its admin pages; payments and return shipments go to the fake provider. */
const { defineConfig } = require('@medusajs/framework/utils');

const secret = 'bench';
module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false }, pool: { min: 2, max: 40 } },
    http: { jwtSecret: secret, cookieSecret: secret, storeCors: '*', adminCors: '*', authCors: '*' },
  },
  modules: [
    {
      resolve: '@medusajs/medusa/payment',
      options: { providers: [{ resolve: './src/modules/money', id: 'shared' }] },
    },
    {
      resolve: '@medusajs/medusa/fulfillment',
      options: { providers: [{ resolve: './src/modules/pickups', id: 'shared' }] },
    },
  ],
});
