// What every page needs beside htmx; pages bring small modules of their own.
