// The connection to the server, which is made again whenever it is lost.

const VERSION = 1;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8000;

let socket = null;
let pause = FIRST_PAUSE_MS;

/** `receive` gets each frame of the server, `show` whether the page is connected. Never ends. */
export function connect(receive, show) {
  const address = new URL("/ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.addEventListener("open", () => {
    pause = FIRST_PAUSE_MS;
    show(true);
  });
  socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    show(false);
    setTimeout(() => connect(receive, show), pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  });
}

/** Says nothing while there is no connection; returns whether it was said. */
export function tell(message) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify({ v: VERSION, message }));
  return true;
}
