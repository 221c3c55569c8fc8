// Makes the three members one replica set; run again it changes nothing.
try {
  rs.status();
} catch {
  rs.initiate({
    _id: "rs0",
    settings: { electionTimeoutMillis: 3000 },
    members: [
      { _id: 0, host: "mongo1:27017" },
      { _id: 1, host: "mongo2:27017" },
      { _id: 2, host: "mongo3:27017" },
    ],
  });
}
for (let tries = 0; tries < 60 && !db.hello().isWritablePrimary && !db.hello().primary; tries++) {
  sleep(500);
}
