#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

int lines_read(const char *path, const char *name, unsigned int version,
	       lines_take *take, void *arg)
{
	char boot[STATE_BOOT], now[STATE_BOOT], *save = NULL;
	void *data;
	size_t len;
	int err = state_read(path, name, version, &data, &len);

	if (err)
		return err == -ENOENT ? 0 : err;
	state_boot_id(now);
	for (char *line = strtok_r(data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "boot %63s", boot) != 1)
			take(arg, line);
		else if (strcmp(boot, now))
			break;
	}
	free(data);
	return 0;
}

int lines_write(const char *path, const char *name, unsigned int version,
		lines_put *put, const void *arg)
{
	char boot[STATE_BOOT], *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int err;

	if (!f)
		return -ENOMEM;
	state_boot_id(boot);
	fprintf(f, "boot %s\n", boot);
	put(f, arg);
	err = fclose(f) ? -ENOMEM : state_write(path, name, version, text, len);
	free(text);
	return err;
}
