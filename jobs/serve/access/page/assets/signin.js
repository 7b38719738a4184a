// The secret of a sign-in link stands behind the #, which browsers send to nobody. It goes into the form and out of the address.
const secret = location.hash.slice(1);
const form = document.getElementById("signin");
const onward = document.getElementById("onward");
if (secret && form) {
  history.replaceState(null, "", "/signin");
  form.elements.secret.value = secret;
  form.requestSubmit();
} else if (onward && !sessionStorage.getItem("onward")) {
  // A link of another site led here, so the browser kept the cookie back; the next request is our own.
  sessionStorage.setItem("onward", "1");
  onward.click();
} else {
  sessionStorage.removeItem("onward");
}
