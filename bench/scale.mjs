// SPDX-License-Identifier: Apache-2.0
// How long and how much: `rounds` of each contestant in turn, `seconds` of each round.

const full = {
    rounds: 5,
    seconds: 6,
    clients: [1, 64],
    fsyncs: 1000,
    pushRounds: 20,
    pushes: 200,
    audiences: [1, 100, 1000, 10000],
    deliveries: 40000, /* messages for each audience; at least 20 inserts */
    roomRounds: 15,
    roomInserts: 2000,
    queries: [1, 12, 1000, 100000],
    sockets: [1000, 10000],
    watchers: 5000, /* WebSockets with one live query each */
    watched: 50000, /* live queries on few WebSockets */
    keys: 100000,
    idleSeconds: 10,
    starts: 5,
    rivals: true,
};

const quick = { ...full, rounds: 3, seconds: 2, fsyncs: 500, pushRounds: 5, deliveries: 20000, roomRounds: 5, roomInserts: 1000, starts: 3 };

const smoke = {
    ...quick,
    rounds: 1,
    seconds: 1,
    clients: [1, 8],
    fsyncs: 20,
    pushRounds: 1,
    pushes: 20,
    audiences: [1, 10],
    deliveries: 20,
    roomRounds: 1,
    roomInserts: 50,
    queries: [1, 100],
    sockets: [10, 20],
    watchers: 20,
    watched: 50,
    keys: 1000,
    idleSeconds: 1,
    starts: 1,
    rivals: false,
};

export const SCALES = { full, quick, smoke };
