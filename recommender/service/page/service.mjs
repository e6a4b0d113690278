// Asks the service. The token is kept here, in memory: a page that is loaded anew asks for it again.

let token = "";

export class Refused extends Error {}

// Asks for a token in the dialog, once for all that wait for it.
let asking = null;
function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("token-dialog");
    const field = document.getElementById("token");
    dialog.addEventListener("close", () => {
      token = field.value;
      field.value = "";
      asking = null;
      resolve();
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}

// A path of the service: each part of an address is escaped.
export function at(strings, ...values) {
  return String.raw({ raw: strings }, ...values.map(encodeURIComponent));
}

export async function ask(path, body) {
  for (let tries = 0; ; tries += 1) {
    const headers = { Accept: "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(path, {
        method: body === undefined ? "GET" : "POST",
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "omit",
        redirect: "error",
      });
    } catch {
      throw new Refused("The service does not answer.");
    }
    if (answer.status === 401 && tries < 5) {
      await askForToken();
      continue;
    }
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(told(found.detail) ?? `The service answers ${answer.status}.`);
    return found;
  }
}

function told(detail) {
  if (Array.isArray(detail)) return detail.map((one) => one.msg).join("; ");
  return detail;
}
