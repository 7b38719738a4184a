// Package simulate is a seeded music service: it makes the records that the demo, the benches and the tests consume,
// and the Kafka broker they consume them from. It knows nothing of the lake; whoever wants its events on a topic or in
// a file carries them there.
//
// # Use
//
//  1. [New] makes a month of a seed; [Month.Events] are its records in the order in which they are sent.
//  2. [StartBroker] gives a broker to send them to; [Broker.Addrs] is where it is.
//  3. [Month.Truth] is what the tables must say afterwards.
//
// # The month
//
// [New] simulates one month of a service with listeners in ten countries on five kinds of device, and a few days on
// either side of it:
//
//   - Sessions on phones, laptops, web players, speakers and tablets. Tracks, artists and listeners are skewed; 31 % of
//     plays last under 30 seconds.
//   - Phones and tablets that lose the network for days and drain their buffer when they are back: 1.5 % of listens,
//     some of them after the month's end.
//   - 2 % of listens are sent again, seconds to hours later. A few copies tell another ms_played, fewer another user.
//   - A web release that sends everything twice, seconds apart, from the 9th of the month until the 16th. Web players
//     run one release at a time, so every web listen of that week arrives exactly twice.
//   - Device clocks that are ahead, reset to 1970, or exactly on and one microsecond beyond the limits of what is
//     accepted.
//   - Malformed records of every reason, about 0.2 % (each kind at least once).
//   - Deletion requests on the 10th to the 12th of the next month, when the late buffers are in: of one week, since
//     ever (the heaviest listener's too), from a day on; one is delivered twice. And copies that arrive only after the
//     request that covers them.
//
// Records come in order of received time. [Truth] says what was made, counted from the generator's own plan and not
// from the bytes, so that a test can hold both against each other.
//
// [Load] is the lean form for benches: valid listens only, unless asked.
//
// # Invariants
//
//   - The same options give the same bytes on any machine: one PCG stream, no clock, no map iteration and no floating
//     point (which processors may fuse differently).
//   - received_time is a whole millisecond and equals [Event.ReceivedTime], so a record's Kafka timestamp says the same
//     as its JSON.
//   - The month holds exactly Options.Listens distinct listens that reach the archive.
//   - Everything except deletion requests and copies they suppress is received within nine days of the month's end; the
//     first request comes after that. A caller can therefore cut the stream by ReceivedTime into the month, the late
//     buffers and the deletions.
//   - No two requests name the same user.
//
// A Month keeps some 60 bytes a listen and renders JSON while it is iterated. Nothing here fails on an odd option:
// values too small for the story are raised.
//
// # The broker
//
// [StartBroker] runs a real Kafka protocol server in this process, on loopback only and in memory: the production
// client talks to it over TCP. It is gone when closed. It does not apply retention to a topic, but a real broker with
// its defaults would drop a month of the past within minutes: create the topic there with retention.ms=-1.
package simulate
