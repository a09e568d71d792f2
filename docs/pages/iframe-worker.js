// Search in pages that are opened from the disk. Browsers start no workers
// there, so the script of one runs in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.srcdoc = `<script src="${new URL(url, location)}"><\/script>`;
      this.inside = new Promise((loaded) => {
        frame.onload = () => loaded(frame.contentWindow);
      });
      this.inside.then((inside) => {
        inside.postMessage = (data) => send(this, data);
      });
      document.documentElement.append(frame);
    }

    postMessage(data) {
      this.inside.then((inside) => send(inside, data));
    }
  };

  const send = (target, data) =>
    target.dispatchEvent(new MessageEvent("message", { data }));
}
