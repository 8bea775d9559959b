/** The worker's memory: IndexedDB of the extension's own origin, which no page and no content script can open. */

const STORES = { session: undefined, drafts: "key", outbox: "uuid" };
let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("deskhours", 1);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        request.result.createObjectStore(name, keyPath ? { keyPath } : undefined);
      }
    };
    request.onsuccess = () => {
      request.result.onclose = () => (opening = null);
      resolve(request.result);
    };
    request.onerror = () => {
      opening = null;
      reject(request.error);
    };
  });
  return opening;
}

/** The result of one IndexedDB request. */
export function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Does `work` in one transaction over the stores named, and answers only when the disk has it. `work` may await
 * nothing but `result(...)` of these stores, so what it reads is still true when it writes.
 */
export async function atomically(names, work) {
  const database = await open();
  const transaction = database.transaction(names, "readwrite", { durability: "strict" });
  const committed = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new Error("transaction aborted"));
  });
  committed.catch(() => {});
  let outcome;
  try {
    outcome = await work(...names.map((name) => transaction.objectStore(name)));
  } catch (error) {
    transaction.abort();
    throw error;
  }
  await committed;
  return outcome;
}
