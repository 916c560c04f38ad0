// mqtt.js as a driver of tests/cli/interop. $NODE_PATH has the library.
'use strict'

const fs = require('fs')
const path = require('path')
const readline = require('readline')
const mqtt = require('mqtt')

const folder = process.argv[2]
const shortBytesMax = 4096
const propertyNames = {
  session_expiry_interval: 'sessionExpiryInterval',
  receive_maximum: 'receiveMaximum',
  topic_alias_maximum: 'topicAliasMaximum',
  will_delay_interval: 'willDelayInterval',
  payload_format_indicator: 'payloadFormatIndicator',
  message_expiry_interval: 'messageExpiryInterval',
  content_type: 'contentType',
  response_topic: 'responseTopic',
  correlation_data: 'correlationData',
  user_property: 'userProperties',
  subscription_identifier: 'subscriptionIdentifier',
  topic_alias: 'topicAlias',
  assigned_client_identifier: 'assignedClientIdentifier'
}

let client = null
let isLeaving = false
let version = 0
let files = 0

function tell (event, fields) {
  process.stdout.write(JSON.stringify({ event, ...fields }) + '\n')
}

function toLibrary (name, value) {
  if (name === 'correlation_data') return Buffer.from(value, 'hex')
  if (name === 'payload_format_indicator') return value === 1
  if (name !== 'user_property') return value
  const grouped = {}
  for (const [key, text] of value) {
    if (!(key in grouped)) grouped[key] = text
    else grouped[key] = [].concat(grouped[key], text)
  }
  return grouped
}

function fromLibrary (name, value) {
  if (name === 'correlation_data') return value.toString('hex')
  if (name === 'payload_format_indicator') return value ? 1 : 0
  if (name === 'subscription_identifier') return [].concat(value)
  if (name !== 'user_property') return value
  return Object.entries(value).flatMap(([key, texts]) => [].concat(texts).map(text => [key, text]))
}

function propertiesTo (named) {
  if (version !== 5 || Object.keys(named).length === 0) return {}
  const properties = {}
  for (const [name, value] of Object.entries(named)) {
    properties[propertyNames[name]] = toLibrary(name, value)
  }
  return { properties }
}

function propertiesFrom (properties) {
  const named = {}
  for (const [name, theirs] of Object.entries(propertyNames)) {
    if (properties && properties[theirs] !== undefined) {
      named[name] = fromLibrary(name, properties[theirs])
    }
  }
  return named
}

function payloadOf (fields) {
  return fields.file ? fs.readFileSync(fields.file) : Buffer.from(fields.payload, 'hex')
}

function tellMessage (topic, payload, packet) {
  const fields = { topic, qos: packet.qos, retain: packet.retain, dup: packet.dup }
  if (version === 5) fields.properties = propertiesFrom(packet.properties)
  if (payload.length <= shortBytesMax) {
    fields.payload = payload.toString('hex')
  } else {
    fields.file = path.join(folder, `${process.pid}-${++files}`)
    fs.writeFileSync(fields.file, payload)
  }
  tell('message', fields)
}

function connect (command) {
  version = command.version
  isLeaving = false
  const options = {
    clientId: command.id,
    protocolVersion: version,
    protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
    clean: command.clean,
    keepalive: command.keep_alive,
    reconnectPeriod: 0,
    ...propertiesTo(command.properties)
  }
  if (command.will) {
    const { topic, qos, retain, properties } = command.will
    options.will = { topic, qos, retain, payload: payloadOf(command.will), ...propertiesTo(properties) }
  }
  const mine = mqtt.connect(`mqtt://127.0.0.1:${command.port}`, options)
  let lostCode = null
  client = mine
  mine.on('connect', packet => tell('connected', {
    session_present: packet.sessionPresent, properties: propertiesFrom(packet.properties)
  }))
  mine.on('message', tellMessage)
  mine.on('disconnect', packet => { lostCode = packet.reasonCode })
  mine.on('error', error => tell('refused', { code: error.code, text: String(error) }))
  mine.on('close', () => {
    if (client === mine && !isLeaving) tell('lost', { code: lostCode })
  })
}

const commands = {
  connect,
  subscribe (command) {
    const options = {
      qos: command.qos,
      nl: command.no_local || false,
      rap: command.retain_as_published || false,
      rh: command.retain_handling || 0
    }
    if (command.identifier) options.properties = { subscriptionIdentifier: command.identifier }
    client.subscribe(command.filter, options, (error, granted, packet) => {
      tell('subscribed', { code: error ? error.code || 128 : packet.granted[0] })
    })
  },
  unsubscribe (command) {
    client.unsubscribe(command.filter, () => tell('unsubscribed'))
  },
  publish (command) {
    const options = {
      qos: command.qos, retain: command.retain, ...propertiesTo(command.properties)
    }
    client.publish(command.topic, payloadOf(command), options, error => {
      tell('published', error ? { code: error.code } : {})
    })
  },
  disconnect (command) {
    isLeaving = true
    const options = version === 5 ? { reasonCode: command.code } : {}
    client.end(false, options, () => tell('disconnected'))
  },
  reset () {
    const old = client
    client = null
    if (old) old.end(true)
    tell('ready')
  }
}

readline.createInterface({ input: process.stdin })
  .on('line', line => {
    const command = JSON.parse(line)
    commands[command.do](command)
  })
  .on('close', () => process.exit(0))
tell('ready')
