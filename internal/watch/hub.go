// Package watch keeps the portal's flows up to what the platform says and tells live pages of it.
//
// The platform is asked with DescribeFlow and DescribeFlowApprovers: about every second for a flow that somebody looks at, ever more
// rarely for one where nothing happens. What changed goes into db, then to routing (the next step may be due), then to the Hub.
package watch

import "sync"

// readerQueue is how many messages a reader may lag behind before it is dropped. A dropped reader connects again and sees the state
// of then, so nothing is lost.
const readerQueue = 4

// Hub tells readers that something with a name has changed. It is safe for concurrent use.
type Hub struct {
	mu      sync.Mutex
	readers map[string]map[chan struct{}]struct{} // by topic
	closed  bool
}

// NewHub makes an empty hub.
func NewHub() *Hub { return &Hub{readers: map[string]map[chan struct{}]struct{}{}} }

// Subscribe returns a channel that gets a value for every change of topic, and what ends the subscription. The channel is closed when
// the reader is too slow and when the hub closes.
func (h *Hub) Subscribe(topic string) (changes <-chan struct{}, cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := make(chan struct{}, readerQueue)
	if h.closed {
		close(ch)
		return ch, func() {}
	}
	if h.readers[topic] == nil {
		h.readers[topic] = map[chan struct{}]struct{}{}
	}
	h.readers[topic][ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop(topic, ch)
	}
}

// Publish tells everybody who subscribed to topic. It never waits: a reader whose channel is full is dropped.
func (h *Hub) Publish(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.readers[topic] {
		select {
		case ch <- struct{}{}:
		default:
			h.drop(topic, ch)
		}
	}
}

// Topics lists what is subscribed to.
func (h *Hub) Topics() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	topics := make([]string, 0, len(h.readers))
	for topic := range h.readers {
		topics = append(topics, topic)
	}
	return topics
}

// Close ends all subscriptions, now and later.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for topic, readers := range h.readers {
		for ch := range readers {
			h.drop(topic, ch)
		}
	}
}

// drop closes a reader's channel unless that has been done.
func (h *Hub) drop(topic string, ch chan struct{}) {
	if _, ok := h.readers[topic][ch]; !ok {
		return
	}
	delete(h.readers[topic], ch)
	if len(h.readers[topic]) == 0 {
		delete(h.readers, topic)
	}
	close(ch)
}
