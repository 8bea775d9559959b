// The server never sees the address's hash: put it into the form, so that signing in leads back to it.
const form = document.getElementById('login');
if (location.hash) form.elements.hash.value = location.hash;
