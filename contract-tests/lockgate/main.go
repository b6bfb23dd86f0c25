// The public implementation of the lock protocol, driven by lines, so that tests can set it against ours.
//
//	lockgate serve ADDRESS
//	    lockgate's own server, its locks under /CLIENT_ID/locker as werf has them
//	lockgate client URL
//	    lockgate's own client of the locker at URL; reads commands from stdin, a line each:
//	      acquire ID LOCK alone|shared SECONDS [ACQUIRER]   answers: ID acquired UUID | ID timeout | ID error TEXT
//	      release ID                                        answers: ID released | ID error TEXT
//	    and says on its own: ID lost
package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/werf/lockgate"
	"github.com/werf/lockgate/pkg/distributed_locker"
)

func main() {
	if len(os.Args) != 3 {
		fail("write: lockgate serve ADDRESS, or lockgate client URL")
	}
	switch os.Args[1] {
	case "serve":
		fail(http.ListenAndServe(os.Args[2], newServer()).Error())
	case "client":
		newClient(os.Args[2]).run()
	default:
		fail("unknown command " + os.Args[1])
	}
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, text)
	os.Exit(1)
}

type server struct {
	mutex   sync.Mutex
	clients map[string]http.Handler
}

func newServer() *server {
	return &server{clients: map[string]http.Handler{}}
}

func (server *server) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	id, rest, found := strings.Cut(strings.TrimPrefix(request.URL.Path, "/"), "/locker")
	if !found || id == "" {
		http.NotFound(writer, request)
		return
	}
	request.URL.Path = rest
	server.of(id).ServeHTTP(writer, request)
}

func (server *server) of(id string) http.Handler {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	if _, known := server.clients[id]; !known {
		server.clients[id] = distributed_locker.NewHttpBackendHandlerWithInMemoryStore()
	}
	return server.clients[id]
}

type client struct {
	locker *distributed_locker.DistributedLocker
	mutex  sync.Mutex
	held   map[string]lockgate.LockHandle
}

func newClient(url string) *client {
	return &client{
		locker: distributed_locker.NewHttpLocker(url),
		held:   map[string]lockgate.LockHandle{},
	}
}

func (client *client) run() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "acquire":
			go client.acquire(words[1:])
		case "release":
			go client.release(words[1])
		default:
			fail("unknown command " + words[0])
		}
	}
}

func (client *client) acquire(words []string) {
	id, lock, shared := words[0], words[1], words[2] == "shared"
	seconds, err := strconv.Atoi(words[3])
	if err != nil {
		fail(err.Error())
	}
	options := lockgate.AcquireOptions{
		Shared:  shared,
		Timeout: time.Duration(seconds) * time.Second,
		OnLostLeaseFunc: func(lockgate.LockHandle) error {
			client.say(id, "lost")
			return nil
		},
	}
	if len(words) > 4 {
		// Version 0.1.1 has no such field.
		if field := reflect.ValueOf(&options).Elem().FieldByName("AcquirerId"); field.IsValid() {
			field.SetString(words[4])
		}
	}
	acquired, handle, err := client.locker.Acquire(lock, options)
	switch {
	case err != nil && err.Error() == "timeout":
		client.say(id, "timeout")
	case err != nil:
		client.say(id, "error "+err.Error())
	case !acquired:
		client.say(id, "error not acquired")
	default:
		client.mutex.Lock()
		client.held[id] = handle
		client.mutex.Unlock()
		client.say(id, "acquired "+handle.UUID)
	}
}

func (client *client) release(id string) {
	client.mutex.Lock()
	handle := client.held[id]
	client.mutex.Unlock()
	if err := client.locker.Release(handle); err != nil {
		client.say(id, "error "+err.Error())
		return
	}
	client.say(id, "released")
}

func (client *client) say(id, text string) {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	fmt.Println(id, strings.ReplaceAll(text, "\n", " "))
}
