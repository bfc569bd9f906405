#include "acme/trips.h"

#include "base/clock.h"

void ja_trips_init(ja_trips_t *trips)
{
    APR_RING_INIT(&trips->ring, ja_trip_t, link);
    trips->brisk = 0;
    trips->slow = 0;
}

void ja_trip_begin(ja_trips_t *trips, ja_trip_t *trip)
{
    ja_trip_end(trips, trip);
    APR_RING_ELEM_INIT(trip, link);
    APR_RING_INSERT_TAIL(&trips->ring, trip, ja_trip_t, link);
    trips->brisk++;
    trip->since = ja_clock_now();
    trip->pace = JA_TRIP_BRISK;
}

void ja_trip_end(ja_trips_t *trips, ja_trip_t *trip)
{
    switch (trip->pace) {
    case JA_TRIP_OFF:
        break;
    case JA_TRIP_BRISK:
        APR_RING_REMOVE(trip, link);
        trips->brisk--;
        break;
    case JA_TRIP_SLOW:
        trips->slow--;
        break;
    }
    trip->pace = JA_TRIP_OFF;
}

/* Who seems to have begun in the future, the clock having been put back, may have been on the way
 * for any time: that is slow as well. */
void ja_trips_sort(ja_trips_t *trips)
{
    apr_time_t now = ja_clock_now();
    ja_trip_t *trip;

    while (!APR_RING_EMPTY(&trips->ring, ja_trip_t, link)) {
        trip = APR_RING_FIRST(&trips->ring);
        if (trip->since <= now && now < trip->since + JA_TRIP_PATIENCE) {
            break;
        }
        ja_trip_end(trips, trip);
        trip->pace = JA_TRIP_SLOW;
        trips->slow++;
    }
}

apr_time_t ja_trips_next_slow(const ja_trips_t *trips)
{
    if (APR_RING_EMPTY(&trips->ring, ja_trip_t, link)) {
        return 0;
    }
    return APR_RING_FIRST(&trips->ring)->since + JA_TRIP_PATIENCE;
}
