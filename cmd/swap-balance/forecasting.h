/* forecasting - --forecast: what the cold memory of each row would save. */
#ifndef FORECASTING_H
#define FORECASTING_H

#include "run.h"

/* Of each row of the pipe, to the end. */
void forecast_rows(struct run *run);

#endif
