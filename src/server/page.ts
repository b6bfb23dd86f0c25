/** What a browser shows at the root. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lock server</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
code { background: color-mix(in srgb, currentColor 8%, transparent); padding: 0.1em 0.3em; border-radius: 3px; }
:root { color-scheme: light dark; }
</style>
</head>
<body>
<h1>Lock server</h1>
<p>Keeps those who publish stages of one repository from doing the same work at the same time.
Give its address to all of them: <code>--synchronization=ADDRESS</code>.</p>
<p><a href="/health">Health</a> · <a href="/ready">Readiness</a> · <a href="/metrics">Metrics</a></p>
</body>
</html>
`;
