/* acme/trips: the nonces of a CA that are on their way with an exchange, and which of these have
 * been so for too long. Inside acme/, for acme/nonces.
 *
 * A trip is brisk at first. After JA_TRIP_PATIENCE it is slow: the CA takes its time with that
 * exchange, and the nonce that its reply will bring is not to be counted on. Counters are kept, so
 * that all costs the same however many travel. */
#ifndef JA_ACME_TRIPS_H
#define JA_ACME_TRIPS_H

#include <apr_ring.h>
#include <apr_time.h>

#define JA_TRIP_PATIENCE apr_time_from_msec(500)

/* Lives in the memory of the exchange, zeroed at first, and stays where it is until it has ended.
 * Of use to trips.c only. */
typedef struct ja_trip_t ja_trip_t;
struct ja_trip_t {
    APR_RING_ENTRY(ja_trip_t) link; /* while it is brisk */
    apr_time_t since;
    enum {
        JA_TRIP_OFF,
        JA_TRIP_BRISK,
        JA_TRIP_SLOW
    } pace;
};
APR_RING_HEAD(ja_trips_ring_t, ja_trip_t);

typedef struct {
    struct ja_trips_ring_t ring; /* the brisk ones, in the order in which they began */
    int brisk;                   /* how many */
    int slow;
} ja_trips_t;

void ja_trips_init(ja_trips_t *trips);

/* One begins, or begins anew. */
void ja_trip_begin(ja_trips_t *trips, ja_trip_t *trip);

/* It has ended; so may it have before. */
void ja_trip_end(ja_trips_t *trips, ja_trip_t *trip);

/* Find out which are slow by now: both counters are right for this moment. */
void ja_trips_sort(ja_trips_t *trips);

/* When the next of the brisk ones is going to be slow; 0: there is none. */
apr_time_t ja_trips_next_slow(const ja_trips_t *trips);

#endif
