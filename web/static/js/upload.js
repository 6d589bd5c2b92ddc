import { word } from "./toast.js";

// watchUploads shows how far a form with files is: fetch cannot tell, so these requests go through XMLHttpRequest.
export function watchUploads() {
  document.addEventListener("htmx:config:request", ({ target, detail: { ctx } }) => {
    const form = target.closest?.("form");
    if (!form || ![...form.querySelectorAll("input[type=file]")].some((input) => input.files.length)) return;
    ctx.request.timeout = 0;
    const [box, show] = progress(form);
    ctx.fetch = (url, request) => send(url, request, show).finally(() => box.remove());
  });
}

function progress(form) {
  const box = document.createElement("div");
  box.className = "upload-progress";
  const bar = document.createElement("progress");
  bar.max = 100;
  const label = document.createElement("span");
  label.setAttribute("role", "status");
  box.append(bar, label);
  (form.querySelector(".form-actions") ?? form.lastElementChild).before(box);
  let told = -1;
  return [box, (share) => {
    const percent = Math.floor(share * 100);
    bar.value = percent;
    bar.setAttribute("aria-label", word("uploading").replace("%n", percent));
    // A screen reader hears every quarter only.
    if (Math.floor(percent / 25) !== told) label.textContent = word("uploading").replace("%n", percent);
    told = Math.floor(percent / 25);
  }];
}

function send(url, request, show) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(request.method, url);
    for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => event.lengthComputable && show(event.loaded / event.total);
    xhr.onload = () => {
      const headers = new Headers();
      for (const line of xhr.getAllResponseHeaders().trim().split("\r\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
      }
      const response = new Response([204, 304].includes(xhr.status) ? null : xhr.responseText, { status: xhr.status, headers });
      // Where redirects led is what the address bar should show.
      Object.defineProperty(response, "url", { value: xhr.responseURL });
      Object.defineProperty(response, "redirected", { value: xhr.responseURL !== new URL(url, location.href).href });
      resolve(response);
    };
    xhr.onerror = () => reject(new TypeError("network"));
    xhr.onabort = () => reject(new DOMException("aborted", "AbortError"));
    request.signal?.addEventListener("abort", () => xhr.abort());
    xhr.send(request.body);
  });
}
