// The connection to the server, which is made again whenever it is lost.

const VERSION = 1;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8000;

let socket = null;
let pause = FIRST_PAUSE_MS;

/** What says why there is no connection, by the status that the server refuses it with. */
const OBSTACLES = { 429: "notice-crowd", 503: "notice-full" };
const LOST = "notice-lost";

/** `receive` gets each frame of the server, `show` whether the page is connected, and why not. Never ends. */
export function connect(receive, show) {
  const address = new URL("/ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  let wasOpen = false;
  socket.addEventListener("open", () => {
    wasOpen = true;
    pause = FIRST_PAUSE_MS;
    show(true);
  });
  socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
  socket.addEventListener("close", async () => {
    show(false, wasOpen ? LOST : await obstacle());
    setTimeout(() => connect(receive, show), pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  });
}

/** A page is not told why its WebSocket was refused, but it may ask. */
async function obstacle() {
  try {
    const { status } = await fetch("/ws");
    return OBSTACLES[status] ?? LOST;
  } catch {
    return LOST;
  }
}

/** Says nothing while there is no connection; returns whether it was said. */
export function tell(message) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify({ v: VERSION, message }));
  return true;
}
