// The static assets of a Worker, as the platform serves them: types by the files' names, a folder by its index.html, whose own name leads to the folder.
const TYPES = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  woff2: "font/woff2",
};

// A longer name is no file's, and the disk fails to look for it.
const LONGEST_NAME = 255;

export default {
  async fetch(request, { FILES }) {
    if (!["GET", "HEAD"].includes(request.method)) return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/index.html")) return new Response(null, { status: 307, headers: { location: pathname.slice(0, -"index.html".length) } });
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    if (path.split("/").some((name) => name.length > LONGEST_NAME)) return new Response(null, { status: 404 });
    const file = await FILES.fetch(`http://files${path}`, { method: request.method });
    // Of a folder the disk answers with a list of its files.
    if (!file.ok || !path.includes(".")) return new Response(null, { status: 404 });
    return new Response(file.body, { headers: { "content-type": type, "cache-control": "public, max-age=0, must-revalidate" } });
  },
};
