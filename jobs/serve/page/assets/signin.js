// The secret of a sign-in link is in the fragment, which no server and no log sees. It is taken out of the address before anything else.
const secret = location.hash.slice(1), told = document.getElementById("signin");
history.replaceState(null, "", location.pathname);
if (secret) {
  told.textContent = "Signing in.";
  const answer = await fetch("/signin", { method: "POST", body: new URLSearchParams({ secret }), credentials: "same-origin" }).catch(() => null);
  if (answer?.ok) location.replace(answer.headers.get("Location") ?? "/");
  else told.textContent = answer ? await answer.text() : "The service did not answer. Try the link again.";
}
