/**
 * For mongosh: the replica set of one, and the user of API and worker with its present password. Safe to repeat.
 * Changing MONGO_APP_PASSWORD and starting again changes the password; root's is set once, when the volume is new.
 */
const name = 'mendline';

db.getSiblingDB('admin').auth('root', process.env.MONGO_ROOT_PASSWORD);

try {
  rs.status();
} catch (err) {
  if (err.codeName !== 'NotYetInitialized') throw err;
  rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: 'mongo:27017' }] });
}
const giveUpAt = Date.now() + 60_000;
while (!db.hello().isWritablePrimary) {
  if (Date.now() > giveUpAt) throw new Error('the replica set has no primary after a minute');
  sleep(250);
}

const database = db.getSiblingDB(name);
const user = { pwd: process.env.MONGO_APP_PASSWORD, roles: [{ role: 'readWrite', db: name }] };
if (database.getUser(name)) database.updateUser(name, user);
else database.createUser({ user: name, ...user });
print('replica set rs0 and its user are ready');
