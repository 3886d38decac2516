#!/bin/sh
# A RabbitMQ of its own under threadguard: rabbitmq.sh FOLDER PORT [FLAGS of run…]. Everything of it lives in FOLDER. Its port
# mapper (epmd) is one of its own too; it outlives the broker, as everywhere, in the cgroup that the guard made.
set -eu
folder=$1 port=$2
shift 2
export RABBITMQ_NODENAME="story$port@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$port"
export RABBITMQ_DIST_PORT=$((port + 1)) ERL_EPMD_PORT=$((port + 2)) ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_MNESIA_BASE="$folder/mnesia" RABBITMQ_LOG_BASE="$folder/log" RABBITMQ_LOGS=- HOME="$folder"
export RABBITMQ_ENABLED_PLUGINS_FILE="$folder/plugins" RABBITMQ_PID_FILE="$folder/pid" RABBITMQ_CONFIG_FILE="$folder/rabbitmq"
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
mkdir -p "$folder"
echo '[].' >"$folder/plugins"
echo 'loopback_users.guest = true' >"$folder/rabbitmq.conf"
exec "$(dirname "$0")/../../bin/threadguard" run --name rabbitmq --incident-dir "$folder/incidents" "$@" -- /usr/lib/rabbitmq/bin/rabbitmq-server
